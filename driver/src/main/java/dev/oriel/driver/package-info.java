/**
 * The virtio-fs driver: {@link FuseClient} sends FUSE requests over any {@code VirtioTransport}, {@link DaxDevice}
 * hands out parts of the DAX window. Calls FUSE, virtio and the front-end of vhost-user, and knows no device; {@code
 * nio}, benchmarks and tests call it.
 */
package dev.oriel.driver;
