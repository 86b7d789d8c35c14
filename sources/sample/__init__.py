"""The sample world: 40 source systems in the shapes that real ones have, with invented persons.

Every administrative unit is real, every person is invented, and every personal id carries the
fictitious prefix 099. `world.build` writes the systems, `services.sample_services` serves those that
answer over a network, `nights.advance` makes the deliveries of later nights.
"""
