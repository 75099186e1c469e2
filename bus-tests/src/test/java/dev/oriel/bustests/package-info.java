/**
 * One set of tests for the device and the driver of this project, run unchanged over every transport and in both byte
 * orders.
 */
@org.jspecify.annotations.NullMarked
package dev.oriel.bustests;
