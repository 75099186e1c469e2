/**
 * What a virtio device is to whatever carries it, and what joins a driver to a device: the two interfaces that
 * everything above is built on. Calls the packages inside this one; none of them calls back.
 */
package dev.oriel.virtio;
