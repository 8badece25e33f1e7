//! The program as operators run it: killed, stopped, and spoken to by slow and silent clients.

mod connections;
mod durability;
