//! Every decision of the Fieldscan agent, without I/O.
