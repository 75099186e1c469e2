package dev.oriel.app.serve;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.local.FileHandlePolicy;
import dev.oriel.filesystem.local.LocalFileSystem;
import dev.oriel.filesystem.local.LocalOptions;
import dev.oriel.linux.LinuxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A directory of this host.
 *
 * @param typed its name outside of a sandbox
 */
record LocalSource(Path typed, LocalOptions options) implements Source {
    @Override
    public String described() {
        return typed.toAbsolutePath().normalize().toString();
    }

    @Override
    public boolean readOnly() {
        return options.readOnly();
    }

    @Override
    public FileHandlePolicy handles() {
        return options.inodeFileHandles();
    }

    @Override
    public List<Path> written() {
        return List.of(options.sharedDir());
    }

    @Override
    public boolean network() {
        return false;
    }

    @Override
    public FileSystem open() throws CommandFailed {
        try {
            return LocalFileSystem.open(options);
        } catch (LinuxException refused) {
            throw new CommandFailed(String.valueOf(refused.getMessage()), refused);
        }
    }

    @Override
    public Optional<FileSystem> elsewhere(Path folder) throws CommandFailed {
        return Optional.of(new LocalSource(folder, options.elsewhere(folder)).open());
    }
}
