/**
 * What the protocols of device processes (vhost-user, vfio-user) have in common: {@link MessageChannel}, messages of a
 * header and a payload with descriptors along, and {@link ConnectionServer}, which serves those who connect. Knows none
 * of these protocols, and calls system calls only; the modules of the protocols and the command line call it.
 */
package dev.oriel.socket;
