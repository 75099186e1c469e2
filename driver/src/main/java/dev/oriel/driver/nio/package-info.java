/**
 * A {@code java.nio.file} file system over a {@link dev.oriel.driver.FuseClient}. Calls the driver; programs reach it
 * through {@link java.nio.file.FileSystems}.
 */
package dev.oriel.driver.nio;
