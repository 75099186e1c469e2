/**
 * What can open a share that a URI names: providers of Oriel and of plug-ins. Only {@code serve} calls it, and only
 * where a share is named by a URI.
 *
 * <pre>
 *   ShareKinds        which schemes there are, and what opens them
 *     PlugIns         the folders of jars, each with a class loader of its own
 *       ExportedClasses   what such a class loader sees of Oriel
 *     NioShares       any provider of java.nio.file, as a share
 * </pre>
 */
@org.jspecify.annotations.NullMarked
package dev.oriel.app.plugin;
