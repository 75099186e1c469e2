package dev.oriel.vfiouser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.oriel.bus.pci.PciFunction;
import dev.oriel.linux.Descriptor;
import dev.oriel.linux.DescriptorQueue;
import dev.oriel.linux.Errno;
import dev.oriel.linux.EventDescriptor;
import java.util.ArrayList;
import java.util.List;

/**
 * DEVICE_GET_IRQ_INFO and DEVICE_SET_IRQS: of the kinds of interrupts that VFIO knows for PCI (INTx, MSI, MSI-X, error,
 * request) the function has MSI-X.
 *
 * <pre>
 *   0        4        8        12       16       20
 *   +--------+--------+--------+--------+--------+---------------------
 *   | argsz  | flags  | index  | start  | count  | count bools, or none, and descriptors
 *   +--------+--------+--------+--------+--------+---------------------
 * </pre>
 *
 * <p>The client emulates the MSI-X table for its guest: a vector that it has given an eventfd is one that is not
 * masked.
 */
final class Interrupts {
    /** How many kinds there are. */
    static final int KINDS = 5;

    private static final int MSIX = 2;
    private static final int EVENTFD = 1;

    private static final int DATA_NONE = 0x1;
    private static final int DATA_BOOL = 0x2;
    private static final int DATA_EVENTFD = 0x4;
    private static final int TRIGGER = 0x20;

    private final PciFunction function;

    Interrupts(PciFunction function) {
        this.function = function;
    }

    /** Makes a DEVICE_GET_IRQ_INFO { argsz, flags, index, count } its own answer. */
    void info(Message message) throws Refusal {
        int index = message.getInt(8);
        if (index < 0 || index >= KINDS) {
            throw new Refusal(
                    Errno.EINVAL,
                    "DEVICE_GET_IRQ_INFO of index " + Integer.toUnsignedString(index) + ": there are " + KINDS);
        }
        message.setInt(4, index == MSIX ? EVENTFD : 0);
        message.setInt(12, index == MSIX ? function.vectors() : 0);
    }

    /** DEVICE_SET_IRQS. */
    void set(Message message) throws Refusal {
        int flags = message.getInt(4);
        int index = message.getInt(8);
        int start = message.getInt(12);
        int count = message.getInt(16);
        String what = "DEVICE_SET_IRQS of index %s, vectors %s + %s, flags 0x%x"
                .formatted(
                        Integer.toUnsignedString(index),
                        Integer.toUnsignedString(start),
                        Integer.toUnsignedString(count),
                        flags);
        int vectors = index == MSIX ? function.vectors() : 0;
        if (index < 0 || index >= KINDS || start < 0 || count < 0 || start > vectors || count > vectors - start) {
            throw new Refusal(Errno.EINVAL, what + ": there are no such");
        }
        DescriptorQueue descriptors = message.descriptors();
        switch (flags) {
            case DATA_EVENTFD | TRIGGER -> attach(what, start, count, descriptors);
            case DATA_NONE | TRIGGER -> trigger(start, count, vectors);
            case DATA_BOOL | TRIGGER -> {
                if (message.size() - 20 < count) {
                    throw new Refusal(Errno.EINVAL, what + ": with " + (message.size() - 20) + " bools");
                }
                for (int i = 0; i < count; i++) {
                    if (message.payload(20 + i, 1).get(JAVA_BYTE, 0) != 0) {
                        function.interrupt(start + i);
                    }
                }
            }
            default -> throw new Refusal(Errno.EOPNOTSUPP, what + ": not served");
        }
    }

    /** As many descriptors as vectors, or none: then nobody listens. */
    private void attach(String what, int start, int count, DescriptorQueue descriptors) throws Refusal {
        if (descriptors.count() != 0 && descriptors.count() != count) {
            throw new Refusal(Errno.EINVAL, what + ": with " + descriptors.count() + " file descriptors");
        }
        if (descriptors.count() == 0) {
            for (int i = 0; i < count; i++) {
                function.attach(start + i, null);
            }
            return;
        }
        List<Descriptor> eventfds = new ArrayList<>();
        try {
            while (descriptors.count() > 0) {
                Descriptor descriptor = Descriptor.received(descriptors.take());
                eventfds.add(descriptor);
                String kind = EventDescriptor.unblock(descriptor.number());
                if (kind != null) {
                    throw new Refusal(Errno.EINVAL, what + ": with a file descriptor that is no eventfd but " + kind);
                }
            }
        } catch (Refusal refusal) {
            eventfds.forEach(Descriptor::close);
            throw refusal;
        }
        for (int i = 0; i < count; i++) {
            function.mask(start + i, false);
            function.attach(start + i, eventfds.get(i));
        }
    }

    /**
     * With a count of 0 nobody listens to any of them; otherwise they are raised, which is how a client tests its end.
     */
    private void trigger(int start, int count, int vectors) {
        if (count == 0) {
            for (int i = 0; i < vectors; i++) {
                function.attach(i, null);
            }
        }
        for (int i = 0; i < count; i++) {
            function.interrupt(start + i);
        }
    }
}
