//! Use cases, free of user interface.
