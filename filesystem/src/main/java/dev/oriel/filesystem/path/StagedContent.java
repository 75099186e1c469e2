package dev.oriel.filesystem.path;

import dev.oriel.filesystem.node.Allowance;
import dev.oriel.filesystem.staging.StagedFile;
import dev.oriel.filesystem.staging.StagedOpen;
import dev.oriel.linux.IoVector;
import java.time.Instant;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** A file that is staged. */
final class StagedContent implements FileContent {
    private final StagedOpen open;
    private final StagedFile file;
    private final Allowance payer;
    private final IntSupplier close;

    /**
     * @param payer what the session may change
     * @param close what closes {@code open}
     */
    StagedContent(StagedOpen open, Allowance payer, IntSupplier close) {
        this.open = open;
        this.file = open.file();
        this.payer = payer;
        this.close = close;
    }

    @Override
    public long size() {
        return file.size();
    }

    @Override
    public @Nullable Instant modified() {
        return file.modified();
    }

    @Override
    public long read(long offset, IoVector to) {
        return file.read(offset, to);
    }

    @Override
    public long write(long offset, IoVector from) {
        return file.write(offset, from, payer);
    }

    @Override
    public long append(IoVector from) {
        return file.append(from, payer);
    }

    @Override
    public int truncate(long size) {
        return file.truncate(size);
    }

    @Override
    public int zero(long offset, long length) {
        return file.zero(offset, length, payer);
    }

    @Override
    public int flush() {
        return open.writeBack();
    }

    @Override
    public int sync(boolean dataOnly) {
        return open.writeBack();
    }

    @Override
    public int close() {
        return close.getAsInt();
    }
}
