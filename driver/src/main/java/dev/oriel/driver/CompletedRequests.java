package dev.oriel.driver;

import org.jspecify.annotations.Nullable;

/** Requests that came back and wait to be polled, in their order. Guarded by the queue. */
final class CompletedRequests {
    private final ClientRequest[] requests;
    private int first;
    private int count;

    /** @param most how many there can be */
    CompletedRequests(int most) {
        requests = new ClientRequest[most];
    }

    boolean isEmpty() {
        return count == 0;
    }

    void add(ClientRequest request) {
        int last = first + count;
        requests[last >= requests.length ? last - requests.length : last] = request;
        count++;
    }

    /** The oldest; null if there is none. */
    @Nullable
    ClientRequest take() {
        if (count == 0) {
            return null;
        }
        ClientRequest request = requests[first];
        first = first + 1 == requests.length ? 0 : first + 1;
        count--;
        return request;
    }
}
