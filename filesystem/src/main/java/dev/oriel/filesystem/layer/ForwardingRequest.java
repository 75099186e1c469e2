package dev.oriel.filesystem.layer;

import dev.oriel.filesystem.Request;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A request that a layer hands on, changed. One for each thread, used again as requests are. */
abstract class ForwardingRequest implements Request {
    private @Nullable Request origin;

    /** Takes the request that the layer got. */
    final void setOrigin(Request request) {
        origin = request;
    }

    private Request origin() {
        return Objects.requireNonNull(origin);
    }

    @Override
    public long unique() {
        return origin().unique();
    }

    @Override
    public int uid() {
        return origin().uid();
    }

    @Override
    public int gid() {
        return origin().gid();
    }

    @Override
    public int pid() {
        return origin().pid();
    }

    @Override
    public int supplementaryGid() {
        return origin().supplementaryGid();
    }

    @Override
    public int securityContexts() {
        return origin().securityContexts();
    }

    @Override
    public MemorySegment securityContextName(int index) {
        return origin().securityContextName(index);
    }

    @Override
    public MemorySegment securityContextValue(int index) {
        return origin().securityContextValue(index);
    }

    @Override
    public boolean mayBlock() {
        return origin().mayBlock();
    }

    @Override
    public boolean mayHaveHelp() {
        return origin().mayHaveHelp();
    }
}
