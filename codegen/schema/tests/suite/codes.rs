//! Every rule has one function, a page and a bad schema.
