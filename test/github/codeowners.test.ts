// CODEOWNERS by the rules and the example of GitHub's own page:
// https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
import { describe, expect, it } from 'vitest';
import { ownersOf, parseOwners } from '../../src/github/codeowners.ts';

const EXAMPLE = `
# This is a comment.
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
`;

describe('the example of the page', () => {
  const rules = parseOwners(EXAMPLE);
  it.each<[string, readonly string[]]>([
    ['README.md', ['@global-owner1', '@global-owner2']],
    ['deep/down/x.md', ['@global-owner1', '@global-owner2']],
    ['src/a.js', ['@js-owner']],
    ['main.go', ['docs@example.com']],
    ['notes.txt', ['@octo-org/octocats']],
    ['build/logs/today', ['@octocat']],
    ['x/build/logs/today', ['@octocat']],
    ['docs/getting-started.md', ['@doctocat']],
    ['docs/build-app/troubleshooting.md', ['@doctocat']],
    ['x/docs/a.md', ['@global-owner1', '@global-owner2']],
    ['x/apps/a', ['@octocat']],
    ['scripts/a/b', ['@doctocat', '@octocat']],
    ['deeply/nested/logs/a', ['@octocat']],
    ['apps/a', ['@octocat']],
    ['apps/github', []],
    ['apps/github/a', []],
    ['apps/githubber', ['@octocat']],
  ])('%s', (path, owners) => {
    expect(ownersOf(rules, path)).toEqual(owners);
  });
});

describe('a pattern', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['docs/*', ['docs/a.md'], ['docs/b/a.md', 'x/docs/a.md', 'docs']],
    [
      '/deploy-configs/',
      ['deploy-configs/a', 'deploy-configs/b/c'],
      ['x/deploy-configs/a', 'deploy-configs'],
    ],
    ['/deploy-configs', ['deploy-configs', 'deploy-configs/a/b'], ['deploy-configs2/a']],
    ['deploy-configs/shop.yml', ['deploy-configs/shop.yml'], ['x/deploy-configs/shop.yml', 'shop.yml']],
    ['shop.yml', ['shop.yml', 'deploy-configs/shop.yml'], ['shop.yml2', 'shopxyml']],
    ['*.yml', ['a.yml', 'deploy-configs/a.yml'], ['a.yml.age', 'a.json']],
    [
      '/deploy-configs/**/a.age',
      ['deploy-configs/a.age', 'deploy-configs/x/y/a.age'],
      ['deploy-configs/xa.age'],
    ],
    ['/deploy-configs/?.yml', ['deploy-configs/a.yml'], ['deploy-configs/ab.yml', 'deploy-configs//.yml']],
    ['a+(b).yml', ['a+(b).yml'], ['aa(b).yml', 'ab.yml']],
  ])('%s', (pattern, fits, not) => {
    const rules = parseOwners(`${pattern} @owner`);
    expect(fits.filter((path) => ownersOf(rules, path).length === 0)).toEqual([]);
    expect(not.filter((path) => ownersOf(rules, path).length > 0)).toEqual([]);
  });
});

it('the last rule that fits decides, also when it names nobody', () => {
  const rules = parseOwners('* @all\n/deploy-configs/ @ops\n/deploy-configs/free.yml\n');
  expect(ownersOf(rules, 'deploy-configs/a.yml')).toEqual(['@ops']);
  expect(ownersOf(rules, 'deploy-configs/free.yml')).toEqual([]);
  expect(ownersOf(parseOwners('# nothing\r\n\r\n'), 'a')).toEqual([]);
});
