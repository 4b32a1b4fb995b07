//! Nothing of its own: the tests build the facade with the feature `opentelemetry`, which the rest of the workspace does without.
