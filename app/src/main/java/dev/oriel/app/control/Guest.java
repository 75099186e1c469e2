package dev.oriel.app.control;

import dev.oriel.device.DeviceStatistics;
import java.time.Instant;

/**
 * A virtual machine that is connected.
 *
 * @param number of its connection in the log
 * @param pid of the process that has connected; 0 if that is not to be known here
 * @param since when it connected
 * @param statistics of its device
 */
public record Guest(String number, int pid, Instant since, DeviceStatistics statistics) {}
