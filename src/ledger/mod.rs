//! Verbs, pure: what a command posts, computed from what stands.
