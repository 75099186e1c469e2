/** A Hadoop cluster to try and to measure, and its client, as processes. For {@code try} and {@code bench}. */
@org.jspecify.annotations.NullMarked
package dev.oriel.app.cluster;
