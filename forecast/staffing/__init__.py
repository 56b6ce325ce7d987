"""From contacts to agents: formulae for the phone, a rule per channel, net and gross, and the gap to a plan."""
