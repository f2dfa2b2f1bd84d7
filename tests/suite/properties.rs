//! Properties over specs drawn from the whole space of parameters, at prime and odd sizes.
