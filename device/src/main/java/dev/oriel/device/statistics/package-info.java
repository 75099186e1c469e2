/**
 * What a device counts while it serves, and what it holds, for those who watch it. Counting takes no lock and allocates
 * nothing; who reads disturbs nobody.
 *
 * <pre>
 *   RequestCounters   of one thread, written while it serves      RequestTotals   a sum of them, at one moment
 *   RequestSums       of all threads of a device
 *   QueueFigures, WindowFigures, HotNode: what else DeviceStatistics tells
 * </pre>
 *
 * <p>Imports nothing of the device: the device calls it.
 */
@NullMarked
package dev.oriel.device.statistics;

import org.jspecify.annotations.NullMarked;
