/**
 * Tests on real Linux guests: {@code oriel serve} shares a folder, programs in the guest use it by system calls, and
 * what they see is held against what the same programs see on a local folder of the host.
 *
 * <p>The programs are in {@code src/test/resources/guest}; each of their cases becomes a test of its own.
 */
@NullMarked
package dev.oriel.guesttests;

import org.jspecify.annotations.NullMarked;
