"""Commands for operators, and the measurements that keep the system honest."""
