package dev.oriel.linux;

/**
 * The descriptors that arrived with a stream of messages, in the order of their arrival, until someone takes them.
 *
 * <p>The queue owns what it holds. For one thread at a time.
 */
public final class DescriptorQueue implements AutoCloseable {
    private final int[] numbers;
    private int first;
    private int count;

    /** @param capacity the most descriptors one message may carry; a sender that exceeds it is cut off */
    public DescriptorQueue(int capacity) {
        numbers = new int[capacity];
    }

    /** How many descriptors wait. */
    public int count() {
        return count;
    }

    /** How many more fit. */
    public int room() {
        return numbers.length - count;
    }

    /**
     * Gives the ownership of a descriptor to the queue.
     *
     * @return false if there is no room: then the caller still owns it
     */
    public boolean add(int fd) {
        if (count == numbers.length) {
            return false;
        }
        numbers[(first + count) % numbers.length] = fd;
        count++;
        return true;
    }

    /** Takes the oldest descriptor, which the caller then owns; -1 if there is none. */
    public int take() {
        if (count == 0) {
            return -1;
        }
        int fd = numbers[first];
        first = (first + 1) % numbers.length;
        count--;
        return fd;
    }

    /** Closes all that wait. The queue can be used again. */
    @Override
    public void close() {
        while (count > 0) {
            ReceivedDescriptors.close(take());
        }
    }
}
