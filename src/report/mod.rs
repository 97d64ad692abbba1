//! Questions: a read snapshot to a typed report. No formatting.
