/**
 * A Hadoop cluster to try, a program of its own: {@code oriel try --share hdfs} starts it. It calls nothing of Oriel.
 */
@org.jspecify.annotations.NullMarked
package dev.oriel.cluster;
