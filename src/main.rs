//! The `creditbank` program: everything of substance is in the library.

fn main() -> std::process::ExitCode {
    creditbank::cli::main()
}
