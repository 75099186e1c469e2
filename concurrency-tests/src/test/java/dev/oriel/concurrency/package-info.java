/** Runs the races, which are in the packages of what they test. */
@NullMarked
package dev.oriel.concurrency;

import org.jspecify.annotations.NullMarked;
