/**
 * Front-ends and guests that do not keep to the protocols, on a server that serves others too:
 * {@link dev.oriel.app.hostile.RawGuest} sends whatever a test wants over either carrier,
 * {@link dev.oriel.app.hostile.Neighbour} is served throughout.
 */
@NullMarked
package dev.oriel.app.hostile;

import org.jspecify.annotations.NullMarked;
