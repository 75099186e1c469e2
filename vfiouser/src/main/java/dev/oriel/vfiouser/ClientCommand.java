package dev.oriel.vfiouser;

import dev.oriel.socket.ProtocolViolation;
import org.jspecify.annotations.Nullable;

/**
 * What a client can ask of a server of vfio-user 0.x: number, the least length of the payload, and how many descriptors
 * may come along.
 */
enum ClientCommand {
    VERSION(1, 4, 0),
    DMA_MAP(2, 32, 1),
    DMA_UNMAP(3, 24, 0),
    DEVICE_GET_INFO(4, 16, 0),
    DEVICE_GET_REGION_INFO(5, 32, 0),
    DEVICE_GET_IRQ_INFO(7, 16, 0),
    DEVICE_SET_IRQS(8, 20, Message.MAX_DESCRIPTORS),
    REGION_READ(9, 16, 0),
    REGION_WRITE(10, 16, 0),
    DEVICE_RESET(13, 0, 0);

    private static final ClientCommand[] BY_NUMBER = new ClientCommand[16];

    static {
        for (ClientCommand command : values()) {
            BY_NUMBER[command.number] = command;
        }
    }

    private final int number;
    private final int minSize;
    private final int maxDescriptors;

    ClientCommand(int number, int minSize, int maxDescriptors) {
        this.number = number;
        this.minSize = minSize;
        this.maxDescriptors = maxDescriptors;
    }

    /** The command with this number; null if it is not served. */
    static @Nullable ClientCommand of(int number) {
        return number < BY_NUMBER.length ? BY_NUMBER[number] : null;
    }

    /** Throws unless length and descriptors of a message are those of this command. */
    void check(Message message) throws ProtocolViolation {
        int descriptors = message.descriptors().count();
        if (message.size() < minSize || descriptors > maxDescriptors) {
            throw new ProtocolViolation(
                    "%s of %d bytes with %d file descriptors, and not of at least %d with at most %d"
                            .formatted(this, message.size(), descriptors, minSize, maxDescriptors));
        }
    }
}
