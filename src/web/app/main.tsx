// The dashboard: a page by the address' part after #, over one live connection to the server.
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type LiveState, useLive } from './live.ts';
import { NewStudyPage } from './new-study-page.tsx';
import { SingleRunsPage } from './single-runs-page.tsx';
import { StudiesPage } from './studies-page.tsx';
import { StudyPage } from './study-page.tsx';

/** `#/study/ID/TAB` as its parts. */
const partsOf = (hash: string): readonly string[] => hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);

function usePath(): readonly string[] {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    // Others, e.g. #main, are places in the page.
    const changed = () => location.hash.startsWith('#/') && setHash(location.hash);
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return partsOf(hash);
}

function Page({ path, live }: { readonly path: readonly string[]; readonly live: LiveState }) {
  const [page, id, tab = 'runs'] = path;
  if (page === 'study' && id) return <StudyPage key={id} id={id} tab={tab} live={live} />;
  if (page === 'new') return <NewStudyPage />;
  if (page === 'runs') return <SingleRunsPage />;
  return <StudiesPage live={live} />;
}

function App() {
  const live = useLive();
  const path = usePath();
  const here = (page: string) => ({ 'aria-current': path[0] === page ? ('page' as const) : undefined });
  return (
    <>
      <a class="skip" href="#main">
        To the content
      </a>
      <nav aria-label="Dashboard" class="top">
        <ul>
          <li>
            <b>vitune</b>
          </li>
          <li>
            <a href="#/" {...here('')}>
              Studies
            </a>
          </li>
          <li>
            <a href="#/runs" {...here('runs')}>
              Single runs
            </a>
          </li>
          <li>
            <a href="#/new" {...here('new')}>
              New study
            </a>
          </li>
        </ul>
      </nav>
      {!live.connected && (
        <p class="away" role="status">
          The server is away. Studies go on without it; this page connects again by itself.
        </p>
      )}
      <main id="main" tabIndex={-1}>
        <Page path={path} live={live} />
      </main>
    </>
  );
}

render(<App />, document.getElementById('app')!);
