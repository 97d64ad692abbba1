//! What the files of one delivery are called.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

/// Names for the files of which several have one name, by position: each with as much of its folder as tells it from
/// the others, and no more, because a batch keeps its files' names for everybody. A file that is given twice is numbered.
pub fn told_apart(files: &[PathBuf]) -> Vec<(usize, String)> {
    let mut names: Vec<String> = files.iter().map(|file| end(file, 1)).collect();
    let mut again: Vec<usize> = repeated(&names);
    let several = again.clone();
    for parts in 2.. {
        let longer: Vec<String> = again.iter().map(|at| end(&files[*at], parts)).collect();
        if again.iter().zip(&longer).all(|(at, name)| names[*at] == *name) {
            break;
        }
        again.iter().zip(longer).for_each(|(at, name)| names[*at] = name);
        again = repeated(&names);
    }
    for (nth, at) in (1..).zip(again) {
        names[at] = format!("{} ({nth})", names[at]);
    }
    several.into_iter().map(|at| (at, std::mem::take(&mut names[at]))).collect()
}

/// Positions of the names that stand there more than once.
fn repeated(names: &[String]) -> Vec<usize> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    names.iter().for_each(|name| *times.entry(name).or_default() += 1);
    (0..names.len()).filter(|at| times[names[*at].as_str()] > 1).collect()
}

/// The last parts of a path.
fn end(path: &Path, parts: usize) -> String {
    let named = |part: Component| match part {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    };
    let all: Vec<String> = path.components().filter_map(named).collect();
    all[all.len().saturating_sub(parts)..].join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files, and what those of one name are called.
    type Case<'a> = (&'a [&'a str], &'a [(usize, &'a str)]);

    #[test]
    fn files_of_one_name_are_told_apart_by_their_folders() {
        let cases: &[Case] = &[
            (&["a.csv", "b.csv"], &[]),
            (&["jan/a.csv", "feb/a.csv", "b.csv"], &[(0, "jan/a.csv"), (1, "feb/a.csv")]),
            (&["/x/1/a.csv", "/x/2/a.csv"], &[(0, "1/a.csv"), (1, "2/a.csv")]),
            (&["1/x/a.csv", "2/x/a.csv", "y/a.csv"], &[(0, "1/x/a.csv"), (1, "2/x/a.csv"), (2, "y/a.csv")]),
            (&["a.csv", "x/a.csv"], &[(0, "a.csv"), (1, "x/a.csv")]),
            (&["a.csv", "./a.csv"], &[(0, "a.csv (1)"), (1, "a.csv (2)")]),
        ];
        for (files, expected) in cases {
            let paths: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
            let expected: Vec<_> = expected.iter().map(|(at, name)| (*at, (*name).to_owned())).collect();
            assert_eq!(told_apart(&paths), expected, "{files:?}");
        }
    }
}
