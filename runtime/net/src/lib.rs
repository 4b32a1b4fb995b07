//! Links between nodes and clients, on tokio: transports, batching, pending calls, and the simulated network.
