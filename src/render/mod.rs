//! Shapes out: a typed report to text, CSV, JSON.
