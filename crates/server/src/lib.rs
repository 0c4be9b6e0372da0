//! The vouchkey program: the verification-session server.
