package dev.oriel.app.serve;

import dev.oriel.virtio.queue.Polling;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How long to poll as people write it: {@code auto}, {@code off}, or microseconds. */
final class PollTime implements ITypeConverter<Polling> {
    @Override
    public Polling convert(String text) {
        if (text.equals("auto")) {
            return Polling.AUTO;
        }
        if (text.equals("off")) {
            return Polling.OFF;
        }
        try {
            return Polling.fixed(Duration.ofNanos(Math.multiplyExact(Long.parseLong(text), 1000)));
        } catch (NumberFormatException | ArithmeticException none) {
            throw new TypeConversionException("'" + text + "' is no time to poll: write auto, off, or microseconds");
        } catch (IllegalArgumentException outOfRange) {
            throw new TypeConversionException(String.valueOf(outOfRange.getMessage()));
        }
    }
}
