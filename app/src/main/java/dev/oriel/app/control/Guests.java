package dev.oriel.app.control;

import dev.oriel.device.DeviceStatistics;
import dev.oriel.device.statistics.RequestTotals;
import dev.oriel.socket.ConnectionServer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The virtual machines that are connected, and what those did that have gone. For all threads. */
public final class Guests {
    /** At one moment: nobody is missing, and nobody is counted twice. */
    record Moment(List<Guest> connected, RequestTotals gone, long connections) {}

    // Guarded by this.
    private final List<Guest> connected = new ArrayList<>();
    private RequestTotals gone = RequestTotals.NONE;
    private long connections;

    /**
     * Counts one that connects, for as long as it is served.
     *
     * @param name of the connection in the log, which ends with its number
     * @param pid of its process; 0, or an errno, if that is not known
     * @param service serves it
     * @return what serves it and counts it
     */
    public ConnectionServer.Service watched(
            String name, int pid, DeviceStatistics statistics, ConnectionServer.Service service) {
        String number = name.substring(name.lastIndexOf(' ') + 1);
        return new ConnectionServer.Service() {
            @Override
            public void run() {
                Guest guest = begin(number, Math.max(pid, 0), statistics);
                try {
                    service.run();
                } finally {
                    end(guest);
                }
            }

            @Override
            public void close() {
                service.close();
            }
        };
    }

    private synchronized Guest begin(String number, int pid, DeviceStatistics statistics) {
        connections++;
        Guest guest = new Guest(number, pid, Instant.now(), statistics);
        connected.add(guest);
        return guest;
    }

    private synchronized void end(Guest guest) {
        if (connected.remove(guest)) {
            gone = gone.plus(guest.statistics().requests());
        }
    }

    synchronized Moment now() {
        return new Moment(List.copyOf(connected), gone, connections);
    }
}
