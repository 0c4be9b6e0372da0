//! What a verification session is: requests, responses, rules, errors. No I/O, clock or randomness.
