package dev.oriel.app.serve;

import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A number of bytes as people write it: {@code 4096}, {@code 32K}, {@code 512M}, {@code 1G}; units are powers of 1024.
 */
final class ByteSize implements ITypeConverter<Long> {
    private static final String UNITS = "KMGT";

    @Override
    public Long convert(String text) {
        String number = text.toUpperCase(Locale.ROOT);
        int shift = 0;
        if (!number.isEmpty()) {
            int unit = UNITS.indexOf(number.charAt(number.length() - 1));
            if (unit >= 0) {
                shift = 10 * (unit + 1);
                number = number.substring(0, number.length() - 1);
            }
        }
        try {
            long value = Long.parseLong(number);
            if (value >= 0 && value << shift >>> shift == value && value << shift >= 0) {
                return value << shift;
            }
        } catch (NumberFormatException notOne) {
            // said below
        }
        throw new TypeConversionException("'" + text + "' is no size: write bytes, or a number with K, M, G or T");
    }
}
