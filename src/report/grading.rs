//! How grades read on another scale, always beside the original: for one grade, for a learner, for a statement.

mod answer;
mod count;
mod groups;
mod shown;

pub use answer::{Answered, Ask, Grader};
pub use count::{Counting, Origin, grade_counts};
pub use groups::table_bands;
pub use shown::{Options, grade_conversion, learner_grades};

pub(super) use shown::achievement_ask;
