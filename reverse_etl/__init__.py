"""Plan, push, ledger, snapshot: what changed in the warehouse reaches the tools that need it."""
