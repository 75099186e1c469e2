/**
 * The ends of vhost-user: {@link VhostUserBackend} gives a device to a VMM, {@link VhostUserFrontend} reaches a device
 * for a driver. Calls {@code wire} for what is said, and queues and guest memory for what is meant. The command line
 * calls the one, the driver the other.
 */
package dev.oriel.vhostuser;
