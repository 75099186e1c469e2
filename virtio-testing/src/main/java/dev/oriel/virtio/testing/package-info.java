/**
 * A driver for tests, no part of the product: {@link dev.oriel.virtio.testing.ScriptedRing} makes chains available as a
 * driver should, or writes into its ring what no driver may, {@link dev.oriel.virtio.testing.ScriptedQueue} notifies
 * and waits, and the rest is what a queue needs at its other end. Calls virtio and system calls; tests call it.
 */
@NullMarked
package dev.oriel.virtio.testing;

import org.jspecify.annotations.NullMarked;
