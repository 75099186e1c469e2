/**
 * The virtio-fs device: queues, sessions and the threads that serve them.
 *
 * <pre>
 *   VirtioFsDevice        what a carrier of queues is given
 *     QueueServer         one queue: takes chains, serves them, hands on what would wait
 *     RequestPool         the threads for what would block
 *     SessionThread       begins and ends sessions (InitNegotiation, SessionGate), tries locks again (LockWaits)
 *   DaxOptions            the window that it offers
 * </pre>
 *
 * <p>Exported, the only package of this module that is. Below it are {@code operation}, which serves one request, and
 * {@code dax}, the window.
 */
@org.jspecify.annotations.NullMarked
package dev.oriel.device;
