package dev.oriel.guesttests;

import dev.oriel.driver.FuseClientOptions;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the driver is held against: Oriel with a window of either kind or none, in both byte orders, and the Rust
 * virtiofsd, which has none.
 */
enum DriverSubject {
    DIRECT("direct", ByteOrder.LITTLE_ENDIAN),
    DIRECT_BIG_ENDIAN("direct", ByteOrder.BIG_ENDIAN),
    STAGED("staged", ByteOrder.LITTLE_ENDIAN),
    STAGED_BIG_ENDIAN("staged", ByteOrder.BIG_ENDIAN),
    BY_REQUEST(null, ByteOrder.LITTLE_ENDIAN),
    BY_REQUEST_BIG_ENDIAN(null, ByteOrder.BIG_ENDIAN),
    /** It knows the byte order of its own machine only. */
    RUST(null, ByteOrder.LITTLE_ENDIAN);

    private final @Nullable String dax;
    private final ByteOrder order;

    DriverSubject(@Nullable String dax, ByteOrder order) {
        this.dax = dax;
        this.order = order;
    }

    boolean hasWindow() {
        return dax != null;
    }

    /** Whether mappings are the file's own pages, as far as that is possible. */
    boolean isDirect() {
        return "direct".equals(dax);
    }

    List<String> serverOptions() {
        return dax == null ? List.of() : List.of("--dax=" + dax, "--dax-window=16M");
    }

    FuseClientOptions clientOptions() {
        return FuseClientOptions.DEFAULTS.withOrder(order);
    }
}
