//! What an embedder relies on.
