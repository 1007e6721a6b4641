//! The one loop: feeds the agent with inputs and carries out its effects.
