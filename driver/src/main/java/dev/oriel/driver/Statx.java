package dev.oriel.driver;

import dev.oriel.fuse.FuseStatx;
import dev.oriel.fuse.FuseSxTime;
import java.nio.file.attribute.FileTime;

/**
 * What STATX tells beyond {@link Stat}.
 *
 * @param mask which fields the device knows, {@code STATX_*} of {@link dev.oriel.linux.StatxBuffer}
 * @param attributes {@code STATX_ATTR_*}
 * @param attributesMask which of them the device knows
 * @param btime when the node was made; meaningful if the mask has STATX_BTIME
 * @param size bytes
 * @param mode type and permissions
 */
public record Statx(int mask, long attributes, long attributesMask, FileTime btime, long ino, long size, int mode) {
    static Statx of(FuseStatx out) {
        FuseSxTime btime = out.btime();
        return new Statx(
                out.mask(),
                out.attributes(),
                out.attributesMask(),
                Stat.time(btime.tvSec(), btime.tvNsec()),
                out.ino(),
                out.size(),
                out.mode());
    }
}
